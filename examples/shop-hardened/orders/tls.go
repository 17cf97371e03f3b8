package main

import (
	"crypto/tls"
	"crypto/x509"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// tlsDir holds tls.crt, tls.key and ca.crt. It is empty only when everything
// runs on one machine: then the server speaks plain HTTP on the loopback address.
var tlsDir = os.Getenv("TLS_DIR")

// setting reads the file named by $NAME_FILE, or else $NAME.
func setting(name string) string {
	path := os.Getenv(name + "_FILE")
	if path == "" {
		return os.Getenv(name)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return strings.TrimSpace(string(content))
}

func listenAddr() string {
	if tlsDir == "" {
		return "127.0.0.1:8080"
	}
	if addr := os.Getenv("LISTEN_ADDR"); addr != "" {
		return addr
	}
	return ":8443"
}

// certificate is read anew for each handshake, so that a renewed one is used at once.
func certificate() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(tlsDir, "tls.crt"), filepath.Join(tlsDir, "tls.key"))
	return &pair, err
}

func authorities() *x509.CertPool {
	pem, err := os.ReadFile(filepath.Join(tlsDir, "ca.crt"))
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		log.Fatal("ca.crt holds no certificate")
	}
	return pool
}

func serverTLS() *tls.Config {
	if tlsDir == "" {
		return nil
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		ClientAuth:     tls.VerifyClientCertIfGiven,
		ClientCAs:      authorities(),
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate() },
	}
}

func clientTLS(serverName string) *tls.Config {
	return &tls.Config{
		MinVersion:           tls.VersionTLS12,
		ServerName:           serverName,
		RootCAs:              authorities(),
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate() },
	}
}

// onlyFor lets a request pass only if the peer's verified certificate is for the given name.
func onlyFor(name string, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tlsDir != "" {
			if len(r.TLS.VerifiedChains) == 0 || r.TLS.PeerCertificates[0].VerifyHostname(name) != nil {
				http.Error(w, "a certificate for "+name+" is needed", http.StatusForbidden)
				return
			}
		}
		next(w, r)
	})
}

// healthcheck is for HEALTHCHECK: the image has no shell and no curl.
func healthcheck() int {
	client := &http.Client{Timeout: 2 * time.Second}
	url := "http://" + listenAddr() + "/healthz"
	if tlsDir != "" {
		client.Transport = &http.Transport{TLSClientConfig: clientTLS("localhost")}
		url = "https://localhost:8443/healthz"
	}
	answer, err := client.Get(url)
	if err != nil || answer.StatusCode != http.StatusOK {
		return 1
	}
	return 0
}
