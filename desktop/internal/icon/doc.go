// Command icon draws the program's icon and writes it as a PNG for windows and as a resource for Windows
// programs, together with the manifest that they need. Run it with go generate in the folder desktop; what
// it writes is committed. The drawing is that of frontend/public/icon.svg.
package main
