package session

// EndedCount tells how many ended sessions are remembered.
func EndedCount(s *Service) int { return s.ended.size() }
