package native

import "io"

// WriteTo implements io.WriterTo: w gets what is received until the end of the stream, from where it is queued.
func (c *conn) WriteTo(w io.Writer) (n int64, err error) {
	c.in.turn.Lock()
	defer c.in.turn.Unlock()
	for {
		b, err := c.nextBlock()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, c.opError("writeto", "read", err)
		}
		done, err := w.Write(b.data[b.start:b.end])
		if err == nil && done < b.end-b.start {
			err = io.ErrShortWrite
		}
		blocks.Put(b)
		n += int64(done)
		if err != nil {
			return n, c.opError("writeto", "write", err)
		}
	}
}

// nextBlock waits for unread bytes and takes the first block of them.
func (c *conn) nextBlock() (*block, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		err := c.mayRead()
		if err == nil {
			b := c.rx.pop()
			c.dequeued(b.end - b.start)
			return b, nil
		}
		if err != errAgain {
			return nil, err
		}
		b := newBlock()
		c.in.buf, c.in.done = b.data[:], 0
		c.in.sleep(&c.mu)
		c.in.buf = nil
		if b.end = c.in.done; b.end > 0 {
			return b, nil
		}
		blocks.Put(b)
	}
}

// ReadFrom implements io.ReaderFrom: it sends what r gives until io.EOF, from where r has put it.
func (c *conn) ReadFrom(r io.Reader) (n int64, err error) {
	for {
		b := newBlock()
		b.end, err = r.Read(b.data[:])
		done, failed := c.writeBlock(b)
		n += int64(done)
		switch {
		case failed != nil:
			return n, c.opError("readfrom", "write", failed)
		case err == io.EOF:
			return n, nil
		case err != nil:
			return n, c.opError("readfrom", "read", err)
		}
	}
}

// writeBlock sends a block, which is not the caller's any more.
func (c *conn) writeBlock(b *block) (int, error) {
	n := b.end
	c.out.turn.Lock()
	defer c.out.turn.Unlock()
	if c.enqueueBlock(b) {
		return n, nil
	}
	n, err := c.write(b.data[:n])
	blocks.Put(b)
	return n, err
}

// enqueueBlock queues a block as it is; false: there is no room for it, or too little in it for the memory that it takes.
func (c *conn) enqueueBlock(b *block) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b.end < blockSize/2 || c.mayWrite() != nil || !c.fits(b.end) {
		return false
	}
	c.tx.push(b)
	c.host.charge(b.end)
	c.ask(c)
	return true
}
