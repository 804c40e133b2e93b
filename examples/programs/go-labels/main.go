// Command shop runs the handlers of an invented shop for a few seconds under a CPU profile. Every
// call carries the labels endpoint and tenant, so that a viewer can tell whose work it was.
//
//	shop -out cpu.pb.gz -seconds 4
package main

import (
	"context"
	"flag"
	"log"
	"math/rand"
	"os"
	"runtime/pprof"
	"sync"
	"time"
)

type handler struct {
	endpoint string
	serve    func(*rand.Rand)
	weight   int
}

var handlers = []handler{
	{"GET /search", search, 5},
	{"GET /thumbnail", thumbnail, 3},
	{"POST /export", export, 1},
}

var tenants = []string{"acme", "acme", "acme", "globex", "globex", "initech"}

func pick(random *rand.Rand) handler {
	at := random.Intn(9)
	for _, h := range handlers {
		if at < h.weight {
			return h
		}
		at -= h.weight
	}
	return handlers[0]
}

// work serves requests until the time is up, each under its own labels.
func work(seed int64, until time.Time) {
	random := rand.New(rand.NewSource(seed))
	for time.Now().Before(until) {
		h := pick(random)
		labels := pprof.Labels("endpoint", h.endpoint, "tenant", tenants[random.Intn(len(tenants))])
		pprof.Do(context.Background(), labels, func(context.Context) { h.serve(random) })
	}
}

func main() {
	out := flag.String("out", "cpu.pb.gz", "file to write")
	seconds := flag.Float64("seconds", 4, "length of the recording")
	flag.Parse()
	file, err := os.Create(*out)
	if err != nil {
		log.Fatal(err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		log.Fatal(err)
	}
	until := time.Now().Add(time.Duration(*seconds * float64(time.Second)))
	var running sync.WaitGroup
	for worker := int64(1); worker <= 2; worker++ {
		running.Add(1)
		go func(seed int64) { defer running.Done(); work(seed, until) }(worker)
	}
	running.Wait()
	pprof.StopCPUProfile()
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
}
