package main

import (
	"errors"
	"fmt"
	"image"
	"math"
)

// earthRadius is that of a sphere with the Earth's surface, in km.
const earthRadius = 6371.0072

// grid is where the pixels of a picture are: EPSG:4326, north up.
type grid struct {
	west, north   float64
	width, height float64 // of a pixel, in degrees
}

// gridOf reads proj:transform, row by row: [width, 0, west, 0, -height, north].
func gridOf(code string, transform []float64) (grid, error) {
	if code != "EPSG:4326" {
		return grid{}, fmt.Errorf("projection is %q, only EPSG:4326 is known here", code)
	}
	if len(transform) < 6 || transform[0] <= 0 || transform[4] >= 0 || transform[1] != 0 || transform[3] != 0 {
		return grid{}, fmt.Errorf("proj:transform is %v, want north up", transform)
	}
	return grid{west: transform[2], north: transform[5], width: transform[0], height: -transform[4]}, nil
}

// cellArea is the area in km² of a pixel of a row: between two meridians and two
// parallels on a sphere. It shrinks towards the poles.
func (g grid) cellArea(row int) float64 {
	top := g.north - float64(row)*g.height
	const degree = math.Pi / 180
	return earthRadius * earthRadius * g.width * degree * (math.Sin(top*degree) - math.Sin((top-g.height)*degree))
}

// waterArea is how many km² of water two bands show, and of what they show in all. A
// pixel is water where NDWI = (green - nir) / (green + nir) is above 0 (McFeeters,
// 1996); one that is 0 in both has no data.
func waterArea(green, nir image.Image, g grid) (water, seen float64, err error) {
	bounds := green.Bounds()
	if bounds != nir.Bounds() {
		return 0, 0, fmt.Errorf("green has %v and nir %v: bands of one scene are of one size", bounds, nir.Bounds())
	}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		area := g.cellArea(y - bounds.Min.Y)
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			in, out := level(green, x, y), level(nir, x, y)
			if in+out == 0 {
				continue
			}
			seen += area
			if (in-out)/(in+out) > 0 {
				water += area
			}
		}
	}
	if seen == 0 {
		return 0, 0, errors.New("no pixel has data")
	}
	return water, seen, nil
}

// level is the brightness of a pixel of a grey picture.
func level(picture image.Image, x, y int) float64 {
	r, _, _, _ := picture.At(x, y).RGBA()
	return float64(r)
}
