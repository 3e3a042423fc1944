// Package crew is the children of a run as their parent sees them: it starts them, kills, stops and ends them, and notes what it
// did to whom before it does it. Children die with their parent, however that ends.
package crew
