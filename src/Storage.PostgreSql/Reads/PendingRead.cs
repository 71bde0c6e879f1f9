
namespace Lockstep.Storage.PostgreSql.Reads;

/// <summary>A read that is put together with those of other buckets.</summary>
/// <param name="cancellationToken">Whoever wants it does so no more: it is not begun then.</param>
internal abstract class PendingRead(CancellationToken cancellationToken)
{
    public bool IsAbandoned => cancellationToken.IsCancellationRequested;

    public abstract void Fail(Exception fault);
}
