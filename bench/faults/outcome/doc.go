// Package outcome is what a run of bench/faults writes down: one JSON document, and the Markdown that is made of it.
package outcome
