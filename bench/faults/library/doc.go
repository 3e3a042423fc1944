// Package library is what a queue must do to be broken beside others: publish, work, and say what is left in Redis.
//
// Beneath it is a package for each that takes part, configured for at least once as its documentation recommends. What can be the
// same for all is in [Job]; what cannot is told by [Info].
package library
