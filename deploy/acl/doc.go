// Package acl has the ACL users of Redis that leat needs, with no more rights than each needs: those that add events, work
// them off, look after groups and dead letters, poll STAC sources, and scale workers. The files are what an operator loads; the README says how.
// They are templates: STREAM stands for a stream's name, or a pattern of names, PASSWORD_SHA256 for the password's digest.
//
// The tests of the project run as these users, and take their rules from here.
package acl
