// As an application has it: the built package, on whatever Node runs this.
import { createPool } from 'galeractl/client'

const pool = createPool(JSON.parse(process.argv[2])).promise()
const [[{ one }]] = await pool.query('SELECT 1 AS one')
const two = await pool.transaction(async (connection) => {
  const [[row]] = await connection.execute('SELECT ? + 1 AS two', [one])
  return row.two
})
await pool.end()
console.log(JSON.stringify({ node: Number(process.versions.node.split('.')[0]), one, two: Number(two) }))
