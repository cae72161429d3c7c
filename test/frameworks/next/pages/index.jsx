/** The one page of the site: made for each request, so that the server has something to do. */
export default function Page({ method }) {
  return <p>{`Next was asked with ${method}`}</p>;
}

export async function getServerSideProps({ req }) {
  return { props: { method: req.method } };
}
