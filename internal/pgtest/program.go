package pgtest

// Run starts a server for a program that is no test, such as the benchmark. It ends with Close, or with the
// process.
func Run() (*Server, error) { return newServer() }

// Create makes an empty database on this server and returns its URL. It goes with the server.
func (s *Server) Create() (url string, err error) {
	name, err := create(s.url(superuser))
	return s.url(name), err
}

// Close ends the server and leaves the removal of its folder to the janitor.
func (s *Server) Close() error {
	err := s.alive.Close()
	<-s.exited
	return err
}
