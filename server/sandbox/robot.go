package sandbox

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	banTime    = 10 * time.Minute
	rateWindow = time.Minute
	// mostRobots bounds what AddRobot may add.
	mostRobots = 10_000
	// Idempotency keys are remembered for a day, the newest so many of them.
	uuidMemory = 24 * time.Hour
	mostUUIDs  = 200_000
)

// Robot is one custom group robot and its security policies (protocols.md §1.3).
type Robot struct {
	// Name is the sandbox's own handle: letters, digits, - and _.
	Name string `json:"name"`
	// Title is the name of its group. Default: Name.
	Title string `json:"title"`
	// AccessToken is the query value of its webhook. Default: made from Name.
	AccessToken string `json:"accessToken"`
	// Secret begins with SEC; empty means that signatures are not checked.
	Secret string `json:"secret"`
	// Keywords, at most 10: a message must contain one of them.
	Keywords []string `json:"keywords"`
	// IPs are IPv4 addresses or CIDR ranges callers must come from.
	IPs []string `json:"ips"`
}

// groupRobot is a robot with its state. Its policies never change.
type groupRobot struct {
	Robot
	networks []netip.Prefix

	mu     sync.Mutex
	sent   []time.Time // within the last minute, oldest first, from head on
	head   int
	banned time.Time // the ban ends then
}

type uuidKey struct {
	robot string
	uuid  string
}

// robotBox holds the robots and which idempotency keys they have seen.
type robotBox struct {
	mu      sync.RWMutex
	byToken map[string]*groupRobot
	list    []*groupRobot

	uuidMu sync.Mutex
	uuids  *expiring[uuidKey, struct{}]
}

func newRobotBox() *robotBox {
	return &robotBox{
		byToken: map[string]*groupRobot{},
		uuids:   newExpiring[uuidKey, struct{}](uuidMemory, mostUUIDs),
	}
}

func (b *robotBox) add(r Robot) error {
	g, err := newGroupRobot(r)
	if err != nil {
		return fmt.Errorf("sandbox: robot %q: %w", r.Name, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.list) >= mostRobots {
		return fmt.Errorf("sandbox: there are %d robots already", len(b.list))
	}
	if b.byToken[g.AccessToken] != nil {
		return fmt.Errorf("sandbox: robot %q: its access token is another robot's", r.Name)
	}
	if slices.ContainsFunc(b.list, func(o *groupRobot) bool { return o.Name == g.Name }) {
		return fmt.Errorf("sandbox: there is a robot %q already", r.Name)
	}
	b.byToken[g.AccessToken] = g
	b.list = append(b.list, g)
	return nil
}

func newGroupRobot(r Robot) (*groupRobot, error) {
	if r.Name == "" || len(r.Name) > 64 || strings.ContainsFunc(r.Name, func(c rune) bool { return c >= utf8.RuneSelf || !isIDByte(byte(c)) }) {
		return nil, errors.New("a name is 1 to 64 letters, digits, - or _")
	}
	if r.Name == AppRobot || strings.HasPrefix(r.Name, AppRobot+"-") { // so are its conversations called
		return nil, errors.New("that name is the app robot's")
	}
	if r.Title == "" {
		r.Title = r.Name
	}
	if r.AccessToken == "" {
		r.AccessToken = seedSecret("robot " + r.Name)
	}
	if r.Secret != "" && !strings.HasPrefix(r.Secret, "SEC") {
		return nil, errors.New("a secret begins with SEC")
	}
	if len(r.Keywords) > 10 || slices.Contains(r.Keywords, "") {
		return nil, errors.New("at most 10 keywords, none of them empty")
	}
	r.Keywords = slices.Clone(r.Keywords)
	r.IPs = slices.Clone(r.IPs)
	g := &groupRobot{Robot: r}
	for _, ip := range r.IPs {
		network, err := parseIPv4Network(ip)
		if err != nil {
			return nil, err
		}
		g.networks = append(g.networks, network)
	}
	return g, nil
}

func parseIPv4Network(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil && addr.Is4() {
		return netip.PrefixFrom(addr, 32), nil
	}
	if network, err := netip.ParsePrefix(s); err == nil && network.Addr().Is4() {
		return network.Masked(), nil
	}
	return netip.Prefix{}, fmt.Errorf("%q is neither an IPv4 address nor an IPv4 range", s)
}

func (b *robotBox) find(token string) *groupRobot {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.byToken[token]
}

func (b *robotBox) all() []Robot {
	b.mu.RLock()
	defer b.mu.RUnlock()
	all := make([]Robot, len(b.list))
	for i, g := range b.list {
		all[i] = g.Robot
		all[i].Keywords = orEmpty(slices.Clone(g.Keywords))
		all[i].IPs = orEmpty(slices.Clone(g.IPs))
	}
	return all
}

func (b *robotBox) credentials() []RobotCredentials {
	all := b.all()
	creds := make([]RobotCredentials, len(all))
	for i, r := range all {
		creds[i] = RobotCredentials{Name: r.Name, AccessToken: r.AccessToken, Secret: r.Secret, Keywords: r.Keywords}
	}
	return creds
}

// once reports whether this robot sees uuid for the first time within a day.
func (b *robotBox) once(now time.Time, robot, uuid string) bool {
	b.uuidMu.Lock()
	defer b.uuidMu.Unlock()
	key := uuidKey{robot: robot, uuid: uuid}
	if _, seen := b.uuids.get(now, key); seen {
		return false
	}
	b.uuids.put(now, key, struct{}{})
	return true
}

// admit counts one message against the sliding minute. Beyond the limit a ban of
// ten minutes begins; calls during the ban do not extend it (protocols.md §1.6).
func (g *groupRobot) admit(now time.Time, perMinute int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Before(g.banned) {
		return false
	}
	for g.head < len(g.sent) && now.Sub(g.sent[g.head]) >= rateWindow {
		g.head++
	}
	if g.head > len(g.sent)/2 { // seldom, so that a call stays cheap
		g.sent = append(g.sent[:0], g.sent[g.head:]...)
		g.head = 0
	}
	if len(g.sent)-g.head >= perMinute {
		g.banned = now.Add(banTime)
		g.sent, g.head = nil, 0
		return false
	}
	g.sent = append(g.sent, now)
	return true
}

// conversation is the id of the robot's group.
func (g *groupRobot) conversation() string { return "cid-" + g.Name }

// AddRobot adds a custom group robot beside the seeded ones. Everybody in the
// company is a member of its group. It fails when the name or the token is
// taken, or a policy has no meaning.
func (s *Sandbox) AddRobot(r Robot) error { return s.robots.add(r) }
