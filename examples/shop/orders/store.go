package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v4"
	"github.com/jackc/pgx/v4/pgxpool"
)

var errNotFound = errors.New("no such order")

// listLimit bounds the answer of GET /orders.
const listLimit = 100

type order struct {
	ID       int64     `json:"id"`
	Item     string    `json:"item"`
	Quantity int       `json:"quantity"`
	Email    string    `json:"email"`
	Created  time.Time `json:"created"`
}

// store keeps orders. add fills in the order's ID and Created; get answers
// errNotFound for an unknown id; list gives the newest orders first.
type store interface {
	add(ctx context.Context, o *order) error
	get(ctx context.Context, id int64) (order, error)
	list(ctx context.Context) ([]order, error)
}

// memoryStore is for trying the service without a database.
type memoryStore struct {
	mu     sync.Mutex
	orders []order
}

func newMemoryStore() *memoryStore { return &memoryStore{} }

func (m *memoryStore) add(_ context.Context, o *order) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	o.ID = int64(len(m.orders)) + 1
	o.Created = time.Now().UTC()
	m.orders = append(m.orders, *o)
	return nil
}

func (m *memoryStore) get(_ context.Context, id int64) (order, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id < 1 || id > int64(len(m.orders)) {
		return order{}, errNotFound
	}
	return m.orders[id-1], nil
}

func (m *memoryStore) list(context.Context) ([]order, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	newest := []order{}
	for i := len(m.orders) - 1; i >= 0 && len(newest) < listLimit; i-- {
		newest = append(newest, m.orders[i])
	}
	return newest, nil
}

const schema = `CREATE TABLE IF NOT EXISTS orders (
	id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	item     text NOT NULL,
	quantity integer NOT NULL CHECK (quantity > 0),
	email    text NOT NULL,
	created  timestamptz NOT NULL DEFAULT now()
)`

type postgresStore struct{ pool *pgxpool.Pool }

func openPostgres(ctx context.Context, url string) (*postgresStore, error) {
	pool, err := pgxpool.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, schema); err != nil {
		pool.Close()
		return nil, err
	}
	return &postgresStore{pool}, nil
}

func (p *postgresStore) close() { p.pool.Close() }

func (p *postgresStore) add(ctx context.Context, o *order) error {
	return p.pool.QueryRow(ctx,
		`INSERT INTO orders (item, quantity, email) VALUES ($1, $2, $3) RETURNING id, created`,
		o.Item, o.Quantity, o.Email).Scan(&o.ID, &o.Created)
}

func (p *postgresStore) get(ctx context.Context, id int64) (order, error) {
	var o order
	err := p.pool.QueryRow(ctx,
		`SELECT id, item, quantity, email, created FROM orders WHERE id = $1`, id).
		Scan(&o.ID, &o.Item, &o.Quantity, &o.Email, &o.Created)
	if errors.Is(err, pgx.ErrNoRows) {
		return order{}, errNotFound
	}
	return o, err
}

func (p *postgresStore) list(ctx context.Context) ([]order, error) {
	rows, err := p.pool.Query(ctx,
		`SELECT id, item, quantity, email, created FROM orders ORDER BY id DESC LIMIT $1`, listLimit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	orders := []order{}
	for rows.Next() {
		var o order
		if err := rows.Scan(&o.ID, &o.Item, &o.Quantity, &o.Email, &o.Created); err != nil {
			return nil, err
		}
		orders = append(orders, o)
	}
	return orders, rows.Err()
}
