// Package scene makes up a day of Sentinel-2: which tiles two satellites see,
// when, and what a STAC catalog says of each. Nothing is downloaded, and the same
// call gives the same scenes, so that `leat demo` has events to work off whose
// numbers fit together.
//
//	for s := range scene.Take(2000) {
//		item := s.Item()
//		...
//	}
//
// The orbit is Sentinel-2's: 143 revolutions in 10 days, sun-synchronous, crossing
// the equator southwards at 10:30 local solar time, the second satellite half a
// revolution behind the first. Tiles are those of MGRS (100 km squares of UTM, 9.8
// km of overlap), footprints are the part of a tile that the swath of 290 km
// covers, and only what is roughly land is taken. Clouds are invented.
package scene
