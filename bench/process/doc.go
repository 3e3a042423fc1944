// Package process starts the processes of a run, the server and the measured ones,
// so that none of them outlives it.
package process
