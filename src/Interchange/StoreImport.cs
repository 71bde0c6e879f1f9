using Lockstep.Core.Storage;

namespace Lockstep.Interchange;

/// <summary>
/// Takes a file over. Invariants:
/// <list type="number">
/// <item>Until the last line was read, and counts and hash fit, nobody signs in with what came.</item>
/// <item>A bucket comes whole or not at all.</item>
/// <item>What somebody has here is never changed. A name that is taken ends the import.</item>
/// <item>It can be run again wherever it was cut off: what is held back stays so, buckets that are whole stay.</item>
/// </list>
/// </summary>
/// <param name="stores">What is written to.</param>
/// <param name="time">The clock.</param>
public sealed class StoreImport(InterchangeStores stores, TimeProvider time)
{
    /// <summary>Rights, memberships and authors that were left out, since their accounts did not come along.</summary>
    public long Dropped { get; private set; }

    /// <summary>Buckets that an earlier run had completed.</summary>
    public long Before { get; private set; }

    /// <summary>Buckets of users who are not in the file: they came while it was written.</summary>
    public long Strangers { get; private set; }

    /// <summary>Reads a file without writing anything.</summary>
    /// <param name="input">The file.</param>
    /// <param name="total">Its bytes; 0 where that is unknown.</param>
    /// <param name="onProgress">Hears how far it has come.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InterchangeException">It is not whole, or a line cannot be read.</exception>
    public static async Task<ExportCounts> CheckAsync(Stream input, long total, Action<ExportProgress> onProgress, CancellationToken cancellationToken)
    {
        using var reader = new ExportReader(new LineReader(input), new NoTarget(), total, onProgress);
        return await reader.ReadAsync(cancellationToken) ?? throw CutOff();
    }

    /// <summary>Writes what a file has.</summary>
    /// <param name="input">The file.</param>
    /// <param name="total">Its bytes; 0 where that is unknown.</param>
    /// <param name="resumes">Whether an earlier run was cut off, and this one goes on.</param>
    /// <param name="onProgress">Hears how far it has come.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InterchangeException">It is not whole, a line cannot be read, or a name is taken.</exception>
    /// <exception cref="StoreUnavailableException">The store failed; it can be run again.</exception>
    public async Task<ExportCounts> RunAsync(Stream input, long total, bool resumes, Action<ExportProgress> onProgress, CancellationToken cancellationToken)
    {
        if (!resumes && await stores.Transfer.HasHeldAsync(cancellationToken))
        {
            throw new InterchangeException("An earlier import has not ended. Go on with it: give the same file again, with --resume.");
        }

        await using var target = new StoreTarget(stores, resumes, time);
        using var reader = new ExportReader(new LineReader(input), target, total, onProgress);
        try
        {
            return await reader.ReadAsync(cancellationToken) ?? throw CutOff();
        }
        catch (InterchangeException)
        {
            await target.GiveUpAsync();
            if (!resumes && !target.HasBuckets)
            {
                // Nothing was held back before, and nothing is in a bucket yet: what is held back is this run's own.
                await stores.Transfer.DropAsync(CancellationToken.None);
            }

            throw;
        }
        finally
        {
            (Dropped, Before, Strangers) = (target.Dropped, target.Before, target.Strangers);
        }
    }

    private static InterchangeException CutOff() => new("The file has no last line: it was cut off. Export again with --resume.");
}
