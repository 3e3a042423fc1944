// Package security is what somebody who means harm may try against leat as a whole: entries, names, keys and replies that no
// well-behaved program would make. docs/threat-model.md names the tests.
package security
