package scene

import "math"

// WGS 84 and UTM.
const (
	semiMajor     = 6378137.0
	flattening    = 1 / 298.257223563
	centralScale  = 0.9996
	falseEasting  = 500_000.0
	falseNorthing = 10_000_000.0 // of the southern hemisphere
)

// Coefficients of Krüger's series in the third flattening, to the third order:
// good to a millimetre inside a zone, and to a metre well outside.
var (
	flat3     = flattening / (2 - flattening)
	meridian  = semiMajor / (1 + flat3) * (1 + flat3*flat3/4 + math.Pow(flat3, 4)/64)
	toGrid    = [3]float64{flat3/2 - 2*sq(flat3)/3 + 5*cube(flat3)/16, 13*sq(flat3)/48 - 3*cube(flat3)/5, 61 * cube(flat3) / 240}
	fromGrid  = [3]float64{flat3/2 - 2*sq(flat3)/3 + 37*cube(flat3)/96, sq(flat3)/48 + cube(flat3)/15, 17 * cube(flat3) / 480}
	fromEqual = [3]float64{2*flat3 - 2*sq(flat3)/3 - 2*cube(flat3), 7*sq(flat3)/3 - 8*cube(flat3)/5, 56 * cube(flat3) / 15}
)

func sq(x float64) float64   { return x * x }
func cube(x float64) float64 { return x * x * x }

func radians(deg float64) float64 { return deg * math.Pi / 180 }
func degrees(rad float64) float64 { return rad * 180 / math.Pi }

// wrap brings a longitude into -180 (included) to 180.
func wrap(lon float64) float64 {
	lon = math.Mod(lon+180, 360)
	if lon < 0 {
		lon += 360
	}
	return lon - 180
}

// geo is a place on the ellipsoid, in degrees.
type geo struct{ lon, lat float64 }

// zone is a UTM zone of one hemisphere.
type zone struct {
	number int // 1 to 60
	south  bool
}

// zoneOf is the zone of a place between 80 S and 72 N. Norway's wider zone 32 is
// the one exception of MGRS there.
func zoneOf(p geo) zone {
	number := int(math.Floor((p.lon+180)/6)) + 1
	if p.lat >= 56 && p.lat < 64 && p.lon >= 3 && p.lon < 12 {
		number = 32
	}
	return zone{min(number, 60), p.lat < 0}
}

// epsg is the zone's code in the EPSG register.
func (z zone) epsg() int {
	if z.south {
		return 32700 + z.number
	}
	return 32600 + z.number
}

func (z zone) centralMeridian() float64 { return float64(z.number)*6 - 183 }

func (z zone) northing0() float64 {
	if z.south {
		return falseNorthing
	}
	return 0
}

// grid is a place in a zone, in metres.
type grid struct{ e, n float64 }

// project is where p is in the zone.
func (z zone) project(p geo) grid {
	sin := math.Sin(radians(p.lat))
	dlon := radians(wrap(p.lon - z.centralMeridian()))
	k := 2 * math.Sqrt(flat3) / (1 + flat3)
	t := math.Sinh(math.Atanh(sin) - k*math.Atanh(k*sin))
	xi, eta := math.Atan2(t, math.Cos(dlon)), math.Atanh(math.Sin(dlon)/math.Hypot(1, t))
	x, y := eta, xi
	for i, a := range toGrid {
		j := 2 * float64(i+1)
		x += a * math.Cos(j*xi) * math.Sinh(j*eta)
		y += a * math.Sin(j*xi) * math.Cosh(j*eta)
	}
	return grid{falseEasting + centralScale*meridian*x, z.northing0() + centralScale*meridian*y}
}

// locate is project the other way round.
func (z zone) locate(g grid) geo {
	xi, eta := (g.n-z.northing0())/(centralScale*meridian), (g.e-falseEasting)/(centralScale*meridian)
	x, y := eta, xi
	for i, b := range fromGrid {
		j := 2 * float64(i+1)
		x -= b * math.Cos(j*xi) * math.Sinh(j*eta)
		y -= b * math.Sin(j*xi) * math.Cosh(j*eta)
	}
	chi := math.Asin(math.Sin(y) / math.Cosh(x))
	lat := chi
	for i, d := range fromEqual {
		lat += d * math.Sin(2*float64(i+1)*chi)
	}
	return geo{wrap(z.centralMeridian() + degrees(math.Atan2(math.Sinh(x), math.Cos(y)))), degrees(lat)}
}
