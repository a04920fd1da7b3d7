declare module '*.cnf' {
  const text: string
  export default text
}
declare module '*/notify' {
  const text: string
  export default text
}
