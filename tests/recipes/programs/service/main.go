// Command service is a Go service to be recorded: it computes, allocates and waits for a lock until
// it is stopped, and listens as the recipes say.
package main

import (
	"log"
	"net/http"
	_ "net/http/pprof"
	"runtime"
	"sort"
	"sync"
	"time"
)

var (
	lock sync.Mutex
	kept [][]int
)

func serve(seed int) {
	numbers := make([]int, 20000)
	for i := range numbers {
		seed = seed*1103515245 + 12345
		numbers[i] = seed >> 8
	}
	sort.Ints(numbers)
	lock.Lock()
	defer lock.Unlock()
	kept = append(kept, numbers)
	if len(kept) > 100 {
		kept = kept[50:]
	}
	time.Sleep(time.Millisecond)
}

func main() {
	runtime.SetMutexProfileFraction(1)
	for worker := 0; worker < 4; worker++ {
		go func(seed int) {
			for ; ; seed++ {
				serve(seed)
			}
		}(worker)
	}
	log.Fatal(http.ListenAndServe("localhost:6060", nil))
}
