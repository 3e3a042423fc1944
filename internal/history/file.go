package history

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Extension is what the names of history files end with, so that ReadDir finds them.
const Extension = ".history"

// laterBytes is how much Later keeps before it is written.
const laterBytes = 32 << 10

// Writer appends records to a file. Its methods may be called from many goroutines.
type Writer struct {
	mu      sync.Mutex
	file    *os.File
	process string // of the last line
	buf     []byte // not written yet
}

// Create opens the history file at path, which need not exist, for appending.
func Create(path string) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the history: %w", err)
	}
	return &Writer{file: f}, nil
}

// Write appends records, with one write(2), which outlives the process however it ends: when Write has returned, they are on
// file. What Later keeps comes before them.
func (w *Writer) Write(records ...Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.add(records)
	return w.flush()
}

// Later appends records together with those of the next Write, or when there are many. They are lost when the process is killed
// before: only for records whose loss makes the check weaker and never wrong.
func (w *Writer) Later(records ...Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.add(records)
	if len(w.buf) < laterBytes {
		return nil
	}
	return w.flush()
}

// Flush writes what Later keeps.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.flush()
}

// Close writes what is kept and closes the file.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.flush()
	if closing := w.file.Close(); err == nil {
		err = closing
	}
	return err
}

func (w *Writer) add(records []Record) {
	for i := range records {
		r := &records[i]
		if r.Process != w.process {
			w.buf = append(append(w.buf, '='), r.Process...)
			w.buf = append(w.buf, '\n')
			w.process = r.Process
		}
		w.buf = r.appendLine(w.buf)
	}
}

func (w *Writer) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	_, err := w.file.Write(w.buf)
	w.buf = w.buf[:0]
	if err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	return nil
}

// Parse reads the records of a file's content. A last line that was cut off is left out.
func Parse(content []byte) ([]Record, error) {
	text := string(content[:bytes.LastIndexByte(content, '\n')+1]) // one string, of which the records have parts
	records := make([]Record, 0, strings.Count(text, "\n"))
	process := ""
	for number := 1; len(text) > 0; number++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if name, ok := strings.CutPrefix(line, "="); ok {
			process = name
			continue
		}
		r, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("line %d, %q: %w", number, line, err)
		}
		r.Process = process
		records = append(records, r)
	}
	return records, nil
}

// Read reads a file.
func Read(path string) ([]Record, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the history: %w", err)
	}
	records, err := Parse(content)
	if err != nil {
		return nil, fmt.Errorf("read the history %s: %w", path, err)
	}
	return records, nil
}

// ReadDir reads all history files of a folder. Records are in order inside each file alone.
func ReadDir(dir string) ([]Record, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*"+Extension))
	if err != nil {
		return nil, fmt.Errorf("look for histories in %s: %w", dir, err)
	}
	var all []Record
	for _, path := range paths {
		records, err := Read(path)
		if err != nil {
			return nil, err
		}
		all = append(all, records...)
	}
	return all, nil
}
