// Package rules_test holds the rules of deploy/prometheus and the runbooks to what leat does.
package rules_test
