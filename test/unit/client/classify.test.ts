import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { classify } from '../../../src/client/sql/classify.ts'

const kinds: readonly (readonly [string, readonly string[]])[] = [
  ['read', [
    'SELECT 1', 'select * from t where a = ? and b in (?, ?)', '(SELECT 1) UNION (SELECT 2)', 'WITH a AS (SELECT 1) SELECT * FROM a', 'WITH RECURSIVE a (n, m) AS (SELECT 1, 2) SELECT * FROM a',
    "SELECT 'FOR UPDATE', \"INTO x\", `lock` FROM t", '-- FOR UPDATE\nSELECT 1', '/* INTO */ SELECT 1 # FOR UPDATE', 'SELECT 1;', 'SELECT COUNT(*), MAX(a) FROM t GROUP BY b HAVING (a > 1)', 'SELECT REPLACE(a, 1, 2), INSERT(a, 1, 2, 3) FROM t',
    'SELECT CAST(a AS CHAR(10)), CONVERT(a, DECIMAL(10, 2)) FROM t', 'SELECT a FROM t FOR SYSTEM_TIME ALL', 'SHOW TABLES', 'EXPLAIN UPDATE t SET a = 1', 'DESCRIBE t', 'SELECT @@version', 'SET STATEMENT max_statement_time=1 FOR SELECT 1',
    "SELECT 'it''s', 'a\\\\n'", 'SELECT NOW()', 'SELECT a FROM t WHERE (a, b) IN ((1, 2))', "SELECT JSON_VALUE(a, '$.b') FROM t", 'VALUES (1, 2)', 'SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) FROM t', 'SELECT a FROM t USE INDEX (b) LIMIT 1', "SELECT a FROM t WHERE MATCH (a) AGAINST ('x')", 'SELECT ST_X(p) FROM t',
  ]],
  ['write', [
    'INSERT INTO t VALUES (1)', 'SELECT a FROM t FOR UPDATE', 'SELECT a FROM t FOR UPDATE SKIP LOCKED', 'SELECT a FROM t LOCK IN SHARE MODE NOWAIT', 'SELECT 1 INTO @a', "SELECT 1 INTO OUTFILE 'x'", 'SELECT @a', 'SELECT @a := 1', 'SELECT mine(1)', 'SELECT db.mine(1)',
    'SELECT `mine`(1)', "SELECT GET_LOCK('a', 1)", 'SELECT NEXTVAL(s)', 'SELECT NEXT VALUE FOR s', 'SELECT SETVAL(s, 1)', 'SELECT LAST_INSERT_ID(5)', 'SELECT 1 /*! FOR UPDATE */', 'SELECT 1 /*M!100100 INTO @x */', 'CREATE TEMPORARY TABLE t (a INT)', 'DROP TEMPORARY TABLE t',
    'SET GLOBAL a = 1', 'SET @@GLOBAL.a = 1', 'DO SLEEP(1)', 'WITH a AS (SELECT 1) DELETE FROM t', 'SET STATEMENT insert_id=5 FOR INSERT INTO t VALUES (1)', 'REPLACE INTO t VALUES (1)', 'UNLOCK TABLES', 'ANALYZE UPDATE t SET a = 1', "SELECT IS_USED_LOCK('x')", 'HANDLER t OPEN', 'SELECT * FROM t PROCEDURE ANALYSE()', "SELECT db . `mine` ('x')",
  ]],
  ['last', ['SELECT LAST_INSERT_ID()', 'SELECT FOUND_ROWS()', 'SELECT ROW_COUNT()', 'SELECT CONNECTION_ID()', 'SHOW WARNINGS', 'SHOW COUNT(*) ERRORS', 'SELECT @@last_insert_id', 'SELECT @@SESSION.warning_count', 'SELECT DATABASE()', 'SELECT CURRENT_USER', 'SHOW SESSION VARIABLES']],
  ['opaque', ['SELECT 1; SELECT 2', 'CALL p()', "SELECT 'unclosed", "SELECT 'a\\'", 'BEGIN NOT ATOMIC SELECT 1; END', 'COMMIT AND CHAIN', 'XA START "a"', 'PREPARE s FROM "SELECT 1"', 'EXECUTE s', 'LOAD DATA INFILE "x" INTO TABLE t', 'SET @a = 1', 'SET autocommit = 0, sql_mode = ""', 'SET GLOBAL a = 1, SESSION b = 2', 'SET insert_id = 5', 'SET SESSION timestamp = 1', 'nonsense', '', 'SELECT 1 /*! FOR UPDATE']],
  ['begin', ['BEGIN', 'begin work', 'START TRANSACTION', 'START TRANSACTION READ ONLY', 'START TRANSACTION WITH CONSISTENT SNAPSHOT', '/* x */ BEGIN;']],
  ['commit', ['COMMIT', 'commit work', 'COMMIT AND NO CHAIN']],
  ['rollback', ['ROLLBACK', 'ROLLBACK WORK']],
  ['savepoint', ['SAVEPOINT a', 'ROLLBACK TO a', 'ROLLBACK WORK TO SAVEPOINT a', 'RELEASE SAVEPOINT a']],
  ['kill', ['KILL 5', 'KILL QUERY 5']],
  ['set', ['SET NAMES utf8mb4', 'SET time_zone = "+00:00"', 'SET SESSION wait_timeout = 5', 'SET @@sql_mode = ""', 'USE db', 'SET CHARACTER SET utf8mb4', 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', 'SET ROLE a']],
  ['set-transaction', ['SET TRANSACTION ISOLATION LEVEL SERIALIZABLE']],
  ['autocommit-off', ['SET autocommit=0', 'SET SESSION autocommit = OFF', 'SET @@autocommit = 0', 'SET @@session.autocommit=false']],
  ['autocommit-on', ['SET autocommit=1', 'SET LOCAL autocommit = ON', 'set @@autocommit = DEFAULT']],
  ['ddl', ['CREATE TABLE t (a INT)', 'ALTER TABLE t ADD b INT', 'TRUNCATE t', 'DROP TABLE t', 'LOCK TABLES t WRITE', 'GRANT ALL ON *.* TO a', 'FLUSH TABLES WITH READ LOCK', 'ANALYZE TABLE t', 'SET PASSWORD = "x"', 'RENAME TABLE a TO b']],
]

describe.each(kinds)('%s', (kind, texts) => {
  test.each(texts)('%s', (sql) => expect(classify(sql).kind).toBe(kind))
})

test.each([
  ['user variable', ['SET @a = 1', 'SELECT @a := 1', 'SELECT 1 INTO @a', 'UPDATE t SET a = (@b := a)']],
  ['temporary table', ['CREATE TEMPORARY TABLE t (a INT)', 'CREATE OR REPLACE TEMPORARY TABLE t (a INT)']],
  ['lock', ['LOCK TABLES t WRITE', "SELECT GET_LOCK('a', 1)", "DO GET_LOCK('a', 1)", 'FLUSH TABLES WITH READ LOCK', 'HANDLER t OPEN']],
  ['prepared statement', ['PREPARE s FROM "SELECT 1"']],
] as const)('%s: only its own connection has it', (pin, texts) => {
  for (const sql of texts) expect(classify(sql).pin, sql).toBe(pin)
})

test('a read with whatever inside, be it quoted or a comment, stays a read; unquoted it does not', () => {
  const effect = fc.constantFrom('FOR UPDATE', 'LOCK IN SHARE MODE', 'INTO @x', '; DELETE FROM t', ":= 1", 'mine(1)')
  fc.assert(fc.property(effect, fc.constantFrom("'", '"', '`', '/*'), (text, open) => {
    const close = open === '/*' ? '*/' : open
    expect(classify(`SELECT a ${open}${text}${close} FROM t`).kind).toBe('read')
    expect(classify(`SELECT a FROM t WHERE b = 1 AND ${text}`).kind).not.toBe('read')
  }))
})

test('nothing makes it throw, and it is quick', () => {
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (sql) => void expect(classify(sql)).toHaveProperty('kind')))
  fc.assert(fc.property(fc.array(fc.constantFrom("'", '"', '`', '\\', '/*', '*/', '/*!', '--', '#', '@', '@@', ';', '(', ')', 'SELECT', ' '), { maxLength: 60 }), (parts) => void expect(classify(parts.join(''))).toHaveProperty('kind')))
  expect(classify(`SELECT ${'('.repeat(20_000)}`).kind).toBeDefined()
})
