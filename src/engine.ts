// The public face without Fastify, Node or files.
export {}
