// The GraphQL API as a program asks it, to prepare and to check what the browser does.

/** Gives the data; errors of the API are thrown. */
export async function ask(url, query, variables = {}, { token, headers = {} } = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'accept-language': 'en',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...headers,
    },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = await response.json()
  if (errors?.length) throw new Error(`the API refused: ${JSON.stringify(errors)}`)
  return data
}

/** Every event of the log, oldest first. */
export async function eventLog(house, token) {
  const all = []
  let after = null
  for (;;) {
    const { callbackEventLog: page } = await house.ask(
      'query($after: String) { callbackEventLog(first: 100, after: $after) { nodes { id type } pageInfo { hasNextPage endCursor } } }',
      { after },
      { token },
    )
    all.push(...page.nodes)
    if (!page.pageInfo.hasNextPage) return all
    after = page.pageInfo.endCursor
  }
}
