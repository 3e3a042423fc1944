// Package look finds out what is in a stream and a consumer group of it.
package look
