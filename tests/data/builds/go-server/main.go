package main

import (
	"fmt"
	"log"
	"net/http"
)

var version = "none"

func main() {
	http.HandleFunc("/ping", func(answer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(answer, "pong of version %s\n", version)
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
