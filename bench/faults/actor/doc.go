// Package actor is the processes that are broken: workers and producers, each a process of its own, of whichever library.
//
// It speaks the protocol of package test/faults/child: a program that finds a task in its environment does it until SIGTERM and
// appends to a history (internal/history) what it does. Which library it uses is its last argument. All libraries have the
// same handler, which notes when it starts, works for as long as it is told, and notes that it is done before it returns.
package actor
