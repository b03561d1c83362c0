// Package platform owns the credentials of DingTalk apps and WeChat mini-programs: which there are,
// by what name, and which keys belong to each. Speaking to the platforms is the adapters' work.
package platform
