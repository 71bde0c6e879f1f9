using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Lockstep.Core.Attachments;
using Lockstep.Core.Storage;

namespace Lockstep.Storage.S3;

/// <summary>
/// What is in files, in a bucket of an object store: an object for each piece, <c>{prefix}{id}/{number}</c>. A piece is durable once it is written, and no more of a file is held here than the
/// piece that is on its way. All servers of a cluster use the same bucket. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Amazon S3 and what speaks its protocol: GetObject, PutObject, DeleteObject and ListObjectsV2, with requests signed by version 4. The store has to show each of these what was written before, as Amazon's does.
/// </remarks>
/// <param name="location">Which bucket. Nothing is asked of it before the first call.</param>
/// <param name="onFault">Hears why something was not done, from another thread.</param>
public sealed class S3Content(S3Location location, Action<Exception> onFault) : IAttachmentContent, IDisposable
{
    private const int RemovedAtOnce = 8;

    private readonly Lazy<AmazonS3Client> client = new(() => S3Client.Create(location));

    // Files with a write of which nobody knows whether it is done, or is yet to be.
    private readonly ConcurrentDictionary<string, bool> unsure = new(StringComparer.Ordinal);

    public async ValueTask AppendAsync(string id, int number, ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        using var content = StreamOf(piece);
        var request = new PutObjectRequest
        {
            BucketName = location.Bucket,
            Key = KeyOf(id, number),
            InputStream = content,
            AutoCloseStream = false,
            ContentType = "application/octet-stream",

            // Signed as a whole, which every store knows.
            UseChunkEncoding = false,
        };
        try
        {
            // It is waited for even where nobody wants it any more: what is removed next would not have it.
            await TryAsync(token => client.Value.PutObjectAsync(request, token), CancellationToken.None);
        }
        catch (StoreUnavailableException)
        {
            unsure[id] = true;
            throw;
        }
    }

    public ValueTask EndAsync(string id, CancellationToken cancellationToken) => default;

    public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(string id, int number, CancellationToken cancellationToken) => TryAsync<ReadOnlyMemory<byte>?>(
        async token =>
        {
            try
            {
                using var found = await client.Value.GetObjectAsync(new GetObjectRequest { BucketName = location.Bucket, Key = KeyOf(id, number) }, token);
                if (found.ContentLength is < 0 or > IAttachmentContent.PieceBytes)
                {
                    throw new InvalidDataException($"The object '{KeyOf(id, number)}' is no piece of a file: it has {found.ContentLength} bytes.");
                }

                var piece = new byte[found.ContentLength];
                await found.ResponseStream.ReadExactlyAsync(piece, token);
                return piece;
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode == "NoSuchKey")
            {
                return null;
            }
        },
        cancellationToken);

    public async ValueTask RemoveAsync(string id, CancellationToken cancellationToken)
    {
        if (unsure.TryRemove(id, out _))
        {
            // What is removed now might not have the piece, and nothing would find it again. The file's row stays, and it is collected later.
            throw new StoreUnavailableException($"A piece of the file {id} may be on its way into the S3 bucket '{location.Bucket}' still.");
        }

        await Parallel.ForEachAsync(
            ListAsync(id, cancellationToken),
            new ParallelOptions { MaxDegreeOfParallelism = RemovedAtOnce, CancellationToken = cancellationToken },
            async (found, token) => await TryAsync(
                bound => client.Value.DeleteObjectAsync(new DeleteObjectRequest { BucketName = location.Bucket, Key = found.Key }, bound), token));
    }

    /// <returns>Bytes of a file that are there.</returns>
    /// <exception cref="StoreUnavailableException">The store cannot answer.</exception>
    public async ValueTask<long> CountBytesAsync(string id, CancellationToken cancellationToken)
    {
        long bytes = 0;
        await foreach (var found in ListAsync(id, cancellationToken))
        {
            bytes += found.Size ?? 0;
        }

        return bytes;
    }

    public void Dispose()
    {
        if (client.IsValueCreated)
        {
            client.Value.Dispose();
        }
    }

    private string KeyOf(string id, int number) => $"{location.Prefix}{id}/{number}";

    private async IAsyncEnumerable<S3Object> ListAsync(string id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = location.Bucket, Prefix = $"{location.Prefix}{id}/" };
        do
        {
            var page = await TryAsync(token => client.Value.ListObjectsV2Async(request, token), cancellationToken);
            foreach (var found in page.S3Objects ?? [])
            {
                yield return found;
            }

            request.ContinuationToken = page.IsTruncated is true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
    }

    /// <summary>Without a copy where there is an array behind the piece.</summary>
    private static MemoryStream StreamOf(ReadOnlyMemory<byte> piece) => MemoryMarshal.TryGetArray(piece, out var array)
        ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
        : new MemoryStream(piece.ToArray(), writable: false);

    private async ValueTask<T> TryAsync<T>(Func<CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(location.Timeout);
        try
        {
            return await run(bound.Token);
        }
        catch (Exception e) when (IsOfTheStore(e))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var reason = IsLate(e) ? $"there was no answer within {location.Timeout}." : e.Message;
            var fault = new StoreUnavailableException($"Files of records cannot be read or written in the S3 bucket '{location.Bucket}': {reason}", e);
            onFault(fault);
            throw fault;
        }
    }

    /// <summary>The client wraps what it gives up on.</summary>
    private static bool IsLate(Exception? e) => e is OperationCanceledException or TimeoutException || (e is not null && IsLate(e.InnerException));

    private static bool IsOfTheStore(Exception e) => e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or InvalidDataException
        or SocketException or ObjectDisposedException or TimeoutException or OperationCanceledException;
}
