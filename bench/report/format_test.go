package report

import (
	"testing"
	"time"
)

func TestNumbersForPeople(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		rate(317_204):                "317k/s",
		rate(22_449):                 "22.4k/s",
		rate(1_020_000):              "1.02M/s",
		rate(999_600):                "1.00M/s",
		rate(850):                    "850/s",
		rate(9_996):                  "10.0k/s",
		rate(0.5):                    "0.500/s",
		size(10_000):                 "10k",
		size(5_000_000):              "5M",
		size(1_500_000):              "1.5M",
		size(16):                     "16",
		size(1_234):                  "1234",
		count(1_000_000):             "1,000,000",
		count(999):                   "999",
		micros(0.43):                 "0.43 us",
		micros(0.434):                "0.43 us",
		micros(72.4):                 "72 us",
		micros(237.4):                "237 us",
		micros(99.6):                 "100 us",
		micros(999.7):                "1.0 ms",
		micros(1_580):                "1.6 ms",
		micros(2_100_000):            "2.1 s",
		bytes(512):                   "512 B",
		bytes(0.3):                   "<1 B",
		bytes(12_897_485):            "12.3 MiB",
		bytes(8 << 30):               "8.00 GiB",
		bytes(1023.9):                "1.00 KiB",
		byteSize(100):                "100 B",
		byteSize(10240):              "10 KiB",
		byteSize(1000):               "1000 B",
		perMessage(0.04):             "0.040",
		perMessage(7):                "7.0",
		perMessage(0.0004):           "<0.001",
		times(0.866):                 "0.87x",
		times(0.0312):                "0.031x",
		times(11.32):                 "11.3x",
		times(9.999):                 "10.0x",
		times(1_304):                 "1,300x",
		share(0.8484):                "0.848",
		multiple(9.9964):             "9.996x",
		percent(0.974):               "97 %",
		lasted(581 * time.Second):    "9 min 41 s",
		lasted(41 * time.Second):     "41 s",
		plural(1, "round", "rounds"): "1 round",
		plural(5, "round", "rounds"): "5 rounds",
		mark(rate)(100_000):          "100k/s",
		mark(rate)(50_000):           "50k/s",
		mark(rate)(250_000):          "250k/s",
		mark(micros)(1_000):          "1 ms",
		mark(micros)(0):              "0",
		mark(bytes)(5 << 20):         "5 MiB",
		span(spread{Min: 301e3, Max: 340e3}, rate): "[301k - 340k]",
		span(spread{Min: 900, Max: 1_200}, micros): "[900 us - 1.2 ms]",
		span(spread{Min: 71, Max: 83}, micros):     "[71 - 83]",
		plain("a|b\nc `d` <e>"):                    "a\\|b c \\`d\\` \\<e>",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
