// Package wechat speaks to WeChat's servers for mini-programs: it exchanges login codes for persons and
// translates WeChat's error codes. Which mini-programs there are belongs to package platform, what a
// sign-in means to package login, whose port this package implements.
package wechat
