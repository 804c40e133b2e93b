package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"math/rand"
	"regexp"
	"sort"
	"strings"
)

type product struct {
	ID    int      `json:"id"`
	Name  string   `json:"name"`
	Tags  []string `json:"tags"`
	Price float64  `json:"price"`
}

var products = catalogue(4000)

func catalogue(count int) []product {
	adjectives := []string{"red", "quiet", "folding", "wooden", "solar", "paper"}
	nouns := []string{"lamp", "chair", "notebook", "kettle", "bicycle", "shelf"}
	list := make([]product, count)
	for i := range list {
		a, n := adjectives[i%len(adjectives)], nouns[(i/7)%len(nouns)]
		list[i] = product{i, fmt.Sprintf("%s %s %d", a, n, i), []string{a, n}, float64(i%977) / 7}
	}
	return list
}

// search compiles the pattern on every request, then ranks what matched.
func search(random *rand.Rand) {
	pattern := regexp.MustCompile(fmt.Sprintf(`(?i)\b(re+d|so?lar)\s+\w+\s+\d*%d\d*\b`, random.Intn(10)))
	var found []product
	for _, p := range products {
		if pattern.MatchString(p.Name) {
			found = append(found, p)
		}
	}
	rank(found)
}

func rank(list []product) {
	sort.Slice(list, func(i, j int) bool { return relevance(list[i]) > relevance(list[j]) })
}

func relevance(p product) float64 {
	return float64(strings.Count(p.Name, "e"))*10 - p.Price + float64(len(p.Tags))
}

// thumbnail shrinks a picture by averaging squares of pixels through the image interface.
func thumbnail(random *rand.Rand) {
	source := image.NewRGBA(image.Rect(0, 0, 240, 180))
	for i := range source.Pix {
		source.Pix[i] = uint8(i * random.Intn(7))
	}
	shrink(source, 6)
}

func shrink(source image.Image, by int) *image.RGBA {
	size := source.Bounds().Size()
	out := image.NewRGBA(image.Rect(0, 0, size.X/by, size.Y/by))
	for y := 0; y < size.Y/by; y++ {
		for x := 0; x < size.X/by; x++ {
			out.Set(x, y, average(source, x*by, y*by, by))
		}
	}
	return out
}

func average(source image.Image, left, top, side int) color.Color {
	var r, g, b uint32
	for y := top; y < top+side; y++ {
		for x := left; x < left+side; x++ {
			pr, pg, pb, _ := source.At(x, y).RGBA()
			r, g, b = r+pr>>8, g+pg>>8, b+pb>>8
		}
	}
	n := uint32(side * side)
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255}
}

// export serialises a slice of the catalogue, signs and compresses it.
func export(random *rand.Rand) {
	from := random.Intn(len(products) - 800)
	text, err := json.Marshal(products[from : from+800])
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(text)
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	writer.Write(text)
	writer.Write(sum[:])
	writer.Close()
}
