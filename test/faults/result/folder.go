package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Folder is where results are kept: rounds/*.json, one for each round, totals.json, their sums, last/<scenario>, the histories of
// each scenario's last round, and broken/*, those of every round in which something went wrong. What is there already counts: a
// run that goes on in a folder adds up.
type Folder struct {
	path string
	sum  Sum
}

// Open opens the folder at path, which is made when it is not there.
func Open(path string) (*Folder, error) {
	f := &Folder{path: path}
	for _, sub := range []string{"rounds", "last", "broken"} {
		if err := os.MkdirAll(filepath.Join(path, sub), 0o750); err != nil {
			return nil, fmt.Errorf("make the folder of results: %w", err)
		}
	}
	paths, err := filepath.Glob(filepath.Join(path, "rounds", "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list the results in %s: %w", path, err)
	}
	for _, path := range paths {
		r, err := read(path)
		if err != nil {
			return nil, err
		}
		f.sum.Add(r)
	}
	return f, nil
}

// Clear removes the results in the folder at path, and nothing else that may be there.
func Clear(path string) error {
	var failed []error
	for _, name := range []string{"rounds", "last", "broken", "totals.json"} {
		failed = append(failed, os.RemoveAll(filepath.Join(path, name)))
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("remove the results in %s: %w", path, err)
	}
	return nil
}

func read(path string) (*Result, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read a result: %w", err)
	}
	r := &Result{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("read the result %s: %w", path, err)
	}
	return r, nil
}

// Sum are the totals of all rounds in the folder.
func (f *Folder) Sum() *Sum { return &f.sum }

// Path is where the folder is.
func (f *Folder) Path() string { return f.path }

// Keep keeps a result, and its histories, which are moved from dir. It returns where they are then.
func (f *Folder) Keep(r *Result, dir string) (kept string, err error) {
	name := fmt.Sprintf("%s-%s-%d", r.Began.UTC().Format("20060102T150405"), r.Scenario, r.Seed)
	if err := write(filepath.Join(f.path, "rounds", name+".json"), r); err != nil {
		return "", err
	}
	f.sum.Add(r)
	if err := write(filepath.Join(f.path, "totals.json"), &f.sum); err != nil {
		return "", err
	}
	kept = filepath.Join(f.path, "last", r.Scenario)
	if !r.Held() {
		kept = filepath.Join(f.path, "broken", name)
	}
	return kept, move(dir, kept)
}

// write writes v as JSON, in full or not at all.
func write(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "\t")
	if err == nil {
		err = os.WriteFile(path+".new", append(text, '\n'), 0o600)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// move moves a folder, to another file system if need be.
func move(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return fmt.Errorf("remove the last histories: %w", err)
	}
	if os.Rename(from, to) == nil {
		return nil
	}
	if err := errors.Join(os.CopyFS(to, os.DirFS(from)), os.RemoveAll(from)); err != nil {
		return fmt.Errorf("move the histories %s to %s: %w", from, to, err)
	}
	return nil
}
