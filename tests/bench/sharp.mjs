// A small server on sharp, as its documentation would have one written:
//
//	node sharp.mjs NODE_MODULES ROOT PORT
//
// /FILE?w=WIDTH&f=FORMAT[&q=QUALITY&e=EFFORT&c=CHROMA].  UV_THREADPOOL_SIZE
// says how many conversions run at once, on one thread each; no cache.
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';

const [modules, root, port] = process.argv.slice(2);
const sharp = createRequire(join(modules, 'x'))('sharp');

sharp.cache(false);
sharp.concurrency(1);

const number = (query, name) =>
	query.has(name) ? Number(query.get(name)) : undefined;

async function answer(request, response) {
	const url = new URL(request.url, 'http://localhost');
	const query = url.searchParams;
	const format = query.get('f') === 'jpg' ? 'jpeg' : query.get('f');
	const options = { quality: number(query, 'q') };

	if (format !== 'jpeg')
		options.effort = number(query, 'e');
	if (format !== 'webp' && query.has('c'))
		options.chromaSubsampling = query.get('c');
	try {
		const bytes = await sharp(join(root, basename(url.pathname)),
			{ sequentialRead: true, failOn: 'truncated' })
			.autoOrient()
			.resize({
				width: number(query, 'w'),
				withoutEnlargement: true,
			})
			.toFormat(format, options)
			.toBuffer();

		response.writeHead(200, {
			'Content-Type': `image/${format}`,
			'Content-Length': bytes.length,
		});
		response.end(bytes);
	} catch (error) {
		console.error(error.message);
		response.writeHead(404).end();
	}
}

createServer(answer).listen(Number(port), '127.0.0.1');
