package stac

import (
	"context"
	"sync"
	"time"
)

// Node is what is remembered of one node of a static catalog.
type Node struct {
	// ETag and LastModified are the server's validators, as sent.
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"modified,omitempty"`
	// Children are the URLs that a catalog or collection links to, absolute.
	Children []string `json:"children,omitempty"`
	// Collection is the ID of the collection that it is; Paged tells that it is a
	// page of items, whose Children are the page after it.
	Collection string `json:"collection,omitempty"`
	Paged      bool   `json:"paged,omitempty"`
	// Items are the items in it: one, or those of a FeatureCollection.
	Items []NodeItem `json:"items,omitempty"`
}

// NodeItem is what is remembered of an item: as much as a query asks for.
type NodeItem struct {
	Ref
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Updated time.Time `json:"updated"`
	BBox    []float64 `json:"bbox,omitempty"`
}

// Cache remembers the nodes of static catalogs by their URLs. It is used by
// several goroutines at a time.
//
// Nodes with items are stored when the loop over the pages has come back for the
// next page: one that breaks off before it has published an item finds that item
// again. A node that was changed within seconds before it was read is not stored,
// since it may change again without another ETag. A cache may forget at any time;
// then it is read again.
type Cache interface {
	// Load is false where nothing is known of the URL.
	Load(ctx context.Context, url string) (Node, bool, error)
	Store(ctx context.Context, url string, node Node) error
}

// NewMemoryCache is a Cache that lives as long as the process.
func NewMemoryCache() Cache { return &memoryCache{nodes: map[string]Node{}} }

type memoryCache struct {
	mu    sync.Mutex
	nodes map[string]Node
}

func (m *memoryCache) Load(_ context.Context, url string) (Node, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, ok := m.nodes[url]
	return n, ok, nil
}

func (m *memoryCache) Store(_ context.Context, url string, node Node) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.nodes[url] = node
	return nil
}
