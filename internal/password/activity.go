package password

import "time"

// calm is how long no hash must have been computed for hashing to count as over. Telling so costs little, but
// each time.
const calm = 2 * time.Second

// begin notes that there is work. After a pause, what was seen of other work before it no longer counts. Whoever brings it tells, before a worker can take it: a worker is the last to
// get a processor. The lock is held.
func (p *pool) begin() {
	if !p.busy {
		p.busy = true
		p.pace.age(time.Since(p.quietSince))
		p.waiting.forget()
		p.tell(p.workers)
	}
}

// pause has it looked into later whether there still is none. The lock is held.
func (p *pool) pause() {
	if len(p.running) > 0 || p.waiting.len() > 0 {
		return
	}
	p.quietSince = time.Now()
	if p.rest == nil {
		p.rest = time.AfterFunc(calm, p.over)
	} else {
		p.rest.Reset(calm)
	}
}

// over notes that hashing is over, if it is.
func (p *pool) over() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy && len(p.running) == 0 && p.waiting.len() == 0 && time.Since(p.quietSince) >= calm {
		p.busy = false
		p.tell(0)
	}
}
