package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// boards are all dashboards.
func boards() []*board { return []*board{fleet(), group(), worker(), poller(), redis()} }

func main() {
	root := flag.String("root", "../..", "the checkout")
	check := flag.Bool("check", false, "write nothing, and fail where a file is not as it would be written")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// places are where the dashboards are: as files, and in the chart, which can read
// nothing outside of its own folder.
var places = []string{"deploy/grafana", "deploy/helm/leat/dashboards"}

// run writes, or compares, all files.
func run(root string, check bool) error {
	files, err := files(root)
	if err != nil {
		return err
	}
	var errs []error
	for _, place := range places {
		dir := filepath.Join(root, place)
		if check {
			errs = append(errs, compare(dir, files))
		} else {
			errs = append(errs, write(dir, files))
		}
	}
	return errors.Join(errs...)
}

// files are the dashboards as JSON, by the file's name.
func files(root string) (map[string][]byte, error) {
	metrics, err := known(filepath.Join(root, "docs/metrics.md"))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	var errs []error
	for _, b := range boards() {
		content, err := b.json(metrics)
		errs = append(errs, err)
		files[b.uid+".json"] = content
	}
	return files, errors.Join(errs...)
}

func write(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // sources, not secrets
		return fmt.Errorf("write dashboards: %w", err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil { //nolint:gosec // sources, not secrets
			return fmt.Errorf("write dashboards: %w", err)
		}
	}
	return nil
}

// compare finds files that are not there, differ, or should not be there.
func compare(dir string, files map[string][]byte) error {
	var errs []error
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(dir, name)) //nolint:gosec // sources
		switch {
		case errors.Is(err, fs.ErrNotExist):
			errs = append(errs, fmt.Errorf("%s/%s is missing: run make dashboards", dir, name))
		case err != nil:
			errs = append(errs, fmt.Errorf("compare dashboards: %w", err))
		case !bytes.Equal(got, want):
			errs = append(errs, fmt.Errorf("%s/%s is not what deploy/dashboards makes: change it there, and run make dashboards", dir, name))
		}
	}
	there, err := filepath.Glob(filepath.Join(dir, "*.json"))
	errs = append(errs, err)
	for _, path := range there {
		if _, ok := files[filepath.Base(path)]; !ok {
			errs = append(errs, fmt.Errorf("%s is no dashboard of deploy/dashboards", path))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return compareText(a, b) })
	return errors.Join(errs...)
}

// compareText sorts errors, nil first, so that a list of them reads the same each time.
func compareText(a, b error) int {
	text := func(err error) string {
		if err == nil {
			return ""
		}
		return err.Error()
	}
	return bytes.Compare([]byte(text(a)), []byte(text(b)))
}
