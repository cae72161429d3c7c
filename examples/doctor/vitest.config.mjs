// Nothing but the tests of this folder.
export default {};
