//go:build !desktop

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "这个程序编译时没有包含窗口，请用 make desktop 构建。\nThis program was built without its window; build it with make desktop.")
	os.Exit(1)
}
