package main

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
)

// manifest says that the program asks for no special rights and draws sharply on every screen.
const manifest = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
  <assemblyIdentity type="win32" name="io.github.posthouse.desktop" version="1.0.0.0" processorArchitecture="*"/>
  <dependency><dependentAssembly>
    <assemblyIdentity type="win32" name="Microsoft.Windows.Common-Controls" version="6.0.0.0" processorArchitecture="*" publicKeyToken="6595b64144ccf1df" language="*"/>
  </dependentAssembly></dependency>
  <trustInfo xmlns="urn:schemas-microsoft-com:asm.v3"><security><requestedPrivileges>
    <requestedExecutionLevel level="asInvoker" uiAccess="false"/>
  </requestedPrivileges></security></trustInfo>
  <application xmlns="urn:schemas-microsoft-com:asm.v3"><windowsSettings>
    <dpiAware xmlns="http://schemas.microsoft.com/SMI/2005/WindowsSettings">true/pm</dpiAware>
    <dpiAwareness xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">permonitorv2,permonitor</dpiAwareness>
  </windowsSettings></application>
</assembly>
`

// sizes of the icon inside a Windows program.
var sizes = []int{16, 24, 32, 48, 64, 256}

func main() {
	if err := write("icon.png", "rsrc_windows_amd64.syso"); err != nil {
		fmt.Fprintln(os.Stderr, "icon:", err)
		os.Exit(1)
	}
}

func write(picture, resource string) error {
	big, err := encode(256)
	if err != nil {
		return err
	}
	var all []picturePNG
	for _, size := range sizes {
		data, err := encode(size)
		if err != nil {
			return err
		}
		all = append(all, picturePNG{size, data})
	}
	if err := os.WriteFile(picture, big, 0o644); err != nil {
		return err
	}
	return os.WriteFile(resource, object(all, []byte(manifest)), 0o644)
}

func encode(size int) ([]byte, error) {
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	err := encoder.Encode(&out, draw(size))
	return out.Bytes(), err
}
