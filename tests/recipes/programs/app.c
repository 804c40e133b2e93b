/* Allocates and computes for half a second of CPU time, then it ends. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

void *volatile kept;

__attribute__((noinline)) static unsigned mix(unsigned n) {
    unsigned sum = n;
    for (unsigned i = 1; i < 20000; i++) sum = sum * 31 + i % 7;
    return sum;
}

__attribute__((noinline)) static unsigned serve(unsigned n) {
    kept = malloc(64 + n % 64);
    memset(kept, (int)n, 64);
    free(kept);
    return mix(n);
}

int main(void) {
    unsigned sum = 0;
    clock_t end = clock() + CLOCKS_PER_SEC / 2;
    while (clock() < end) sum += serve(sum);
    return sum == 1;
}
