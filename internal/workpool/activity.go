package workpool

import "time"

// idleAfter is the idle time before OnBusy(0) is called, so that short gaps do not toggle GOMAXPROCS.
const idleAfter = 2 * time.Second

// beginBusy notes that there is work. After a pause, what was seen of other work before it no longer counts. The caller
// that brings the work calls OnBusy, before a worker can take it: a worker is the last to get a processor. The lock is
// held.
func (p *Pool) beginBusy() {
	if !p.busy {
		p.busy = true
		p.serviceTime.expire(time.Since(p.idleSince))
		p.waiting.forgetRecent()
		p.OnBusy(p.Workers)
	}
}

// startIdleTimer has endBusy called after idleAfter, if there is no work now. The lock is held.
func (p *Pool) startIdleTimer() {
	if len(p.running) > 0 || p.waiting.len() > 0 {
		return
	}
	p.idleSince = time.Now()
	if p.idleTimer == nil {
		p.idleTimer = time.AfterFunc(idleAfter, p.endBusy)
	} else {
		p.idleTimer.Reset(idleAfter)
	}
}

// endBusy calls OnBusy(0), if there still is no work.
func (p *Pool) endBusy() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy && len(p.running) == 0 && p.waiting.len() == 0 && time.Since(p.idleSince) >= idleAfter {
		p.busy = false
		p.OnBusy(0)
	}
}
