package scene

// land is roughly where there is land: boxes of south, north, west and east in
// degrees. Coasts that the satellites would image are in it, and some sea.
var land = [...]struct{ s, n, w, e float64 }{
	{36, 44, -10, 4}, {43, 52, -5, 30}, {50, 59, -10, 2}, {37, 46, 8, 29}, // western and central Europe
	{52, 60, 5, 32}, {59, 71, 5, 32}, {63, 67, -24, -13}, // the north, Iceland
	{45, 70, 30, 60}, {50, 72, 60, 140}, {55, 68, 140, 170}, // Russia
	{30, 42, 26, 60}, {13, 30, 36, 56}, {36, 50, 52, 92}, // Near East, central Asia
	{8, 32, 70, 90}, {22, 50, 90, 122}, {10, 24, 94, 109}, {31, 44, 127, 141}, {-9, 7, 96, 120}, {6, 18, 119, 126}, {-9, -1, 131, 148}, // Asia
	{12, 36, -16, 36}, {4, 12, -14, 45}, {-6, 4, 9, 42}, {-35, -6, 12, 40}, {-26, -12, 43, 50}, // Africa
	{-39, -12, 114, 153}, {-46, -35, 167, 178}, // Australia, New Zealand
	{60, 71, -165, -130}, {32, 60, -124, -100}, {30, 50, -100, -72}, {50, 70, -115, -62}, {25, 31, -106, -80}, {15, 25, -105, -88}, {8, 15, -92, -76}, {18, 23, -84, -67}, // North America
	{60, 72, -54, -44},                                             // the coast of Greenland
	{-18, 10, -80, -50}, {-25, -4, -58, -35}, {-55, -18, -74, -53}, // South America
}

func onLand(p geo) bool {
	for i := range land {
		if b := &land[i]; p.lat >= b.s && p.lat <= b.n && p.lon >= b.w && p.lon <= b.e {
			return true
		}
	}
	return false
}
