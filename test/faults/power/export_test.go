package power

// CutWithin is Cut with another patience than its own.
var CutWithin = cutWithin
