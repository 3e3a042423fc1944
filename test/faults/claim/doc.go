// Package claim names what a fault makes outside of its process and the kernel does not remove with it: a mount, a network
// namespace. A process that is killed leaves it; the next one that makes one of the same kind sweeps it first.
//
// A claim is a locked file in the temporary folder. The kernel drops the lock when the process dies, however it dies, so a claim
// that can be locked is nobody's. Claims of a process that lives are never touched, and nothing that has no claim is.
package claim
