package bench

import (
	"sort"
	"testing"
)

func BenchmarkSort(b *testing.B) {
	for n := 0; n < b.N; n++ {
		numbers := make([]int, 1000)
		for i := range numbers {
			numbers[i] = i * 7919 % 1009
		}
		sort.Ints(numbers)
	}
}
