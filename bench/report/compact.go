package report

import (
	stdbytes "bytes"
	"cmp"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"iter"
	"slices"
)

// encode a picture as a PNG with a palette, which is less than half as long: charts
// are kept in the repository, and have few colours. Where smoothed edges make
// more of them than a palette holds, the rarest become the nearest one that it has.
func encode(img image.Image) ([]byte, error) {
	full := image.NewRGBA(img.Bounds())
	draw.Draw(full, full.Bounds(), img, img.Bounds().Min, draw.Src)
	small := image.NewPaletted(full.Bounds(), paletteOf(full))
	known := map[color.RGBA]uint8{}
	pixel := 0
	for c, n := range runs(full) {
		i, ok := known[c]
		if !ok {
			i = uint8(small.Palette.Index(c))
			known[c] = i
		}
		for end := pixel + n; pixel < end; pixel++ {
			small.Pix[pixel] = i
		}
	}
	var b stdbytes.Buffer
	if err := png.Encode(&b, small); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// paletteOf are the colours that an image has most of.
func paletteOf(img *image.RGBA) color.Palette {
	const room = 256
	seen := map[color.RGBA]int{}
	for c, n := range runs(img) {
		seen[c] += n
	}
	var all []color.RGBA
	for c := range seen {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(seen[b], seen[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var most color.Palette
	for _, c := range all[:min(room, len(all))] {
		most = append(most, c)
	}
	return most
}

// runs are the pixels of an image, row by row, as a colour and how many of it
// follow each other: most of a chart is white.
func runs(img *image.RGBA) iter.Seq2[color.RGBA, int] {
	return func(yield func(color.RGBA, int) bool) {
		var last uint32
		n := 0
		for i := 0; i < len(img.Pix); i += 4 {
			pixel := binary.BigEndian.Uint32(img.Pix[i:])
			if pixel != last && n > 0 {
				if !yield(rgba(last), n) {
					return
				}
				n = 0
			}
			last = pixel
			n++
		}
		if n > 0 {
			yield(rgba(last), n)
		}
	}
}

func rgba(pixel uint32) color.RGBA {
	return color.RGBA{R: uint8(pixel >> 24), G: uint8(pixel >> 16), B: uint8(pixel >> 8), A: uint8(pixel)}
}
