// Orders keeps the shop's orders and tells the mailer about new ones.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// mailQueue is the Redis list that the mailer reads.
const mailQueue = "shop:mail"

// version is set at build time with -ldflags "-X main.version=...".
var version = "dev"

type server struct {
	store store
	queue *redis.Client // nil when REDIS_URL is unset
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	s := &server{store: newMemoryStore()}
	if url := os.Getenv("DATABASE_URL"); url != "" {
		db, err := openPostgres(ctx, url)
		if err != nil {
			log.Fatalf("database: %v", err)
		}
		defer db.close()
		s.store = db
	} else {
		log.Print("DATABASE_URL is not set: orders are kept in memory")
	}
	if url := os.Getenv("REDIS_URL"); url != "" {
		options, err := redis.ParseURL(url)
		if err != nil {
			log.Fatalf("REDIS_URL: %v", err)
		}
		s.queue = redis.NewClient(options)
	}

	addr := os.Getenv("LISTEN_ADDR")
	if addr == "" {
		addr = ":8080"
	}
	srv := &http.Server{Addr: addr, Handler: s.routes()}
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = srv.Shutdown(grace)
	}()

	log.Printf("orders %s listens on %s", version, addr)
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("/orders", func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet:
			s.list(w, r)
		case http.MethodPost:
			s.create(w, r)
		default:
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		}
	})
	mux.HandleFunc("/orders/", s.get)
	return mux
}

func (s *server) create(w http.ResponseWriter, r *http.Request) {
	var o order
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&o); err != nil {
		http.Error(w, "not a JSON order", http.StatusBadRequest)
		return
	}
	if o.Item == "" || o.Quantity < 1 || !strings.Contains(o.Email, "@") {
		http.Error(w, "item, quantity and email are needed", http.StatusBadRequest)
		return
	}
	if err := s.store.add(r.Context(), &o); err != nil {
		fail(w, err)
		return
	}
	// The order counts even if the mail about it cannot be queued.
	if err := s.notify(r.Context(), o); err != nil {
		log.Printf("order %d: queue: %v", o.ID, err)
	}
	reply(w, http.StatusCreated, o)
}

func (s *server) list(w http.ResponseWriter, r *http.Request) {
	orders, err := s.store.list(r.Context())
	if err != nil {
		fail(w, err)
		return
	}
	reply(w, http.StatusOK, orders)
}

func (s *server) get(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(strings.TrimPrefix(r.URL.Path, "/orders/"), 10, 64)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	o, err := s.store.get(r.Context(), id)
	switch {
	case errors.Is(err, errNotFound):
		http.NotFound(w, r)
	case err != nil:
		fail(w, err)
	default:
		reply(w, http.StatusOK, o)
	}
}

func (s *server) notify(ctx context.Context, o order) error {
	if s.queue == nil {
		return nil
	}
	message, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return s.queue.LPush(ctx, mailQueue, message).Err()
}

func reply(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Printf("reply: %v", err)
	}
}

func fail(w http.ResponseWriter, err error) {
	log.Print(err)
	http.Error(w, "internal error", http.StatusInternalServerError)
}
