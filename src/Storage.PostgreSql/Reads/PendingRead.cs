
namespace Lockstep.Storage.PostgreSql.Reads;

/// <summary>A read that is combined with reads of other buckets.</summary>
/// <param name="cancellationToken">Signals that nobody wants it any more. Then it is not begun.</param>
internal abstract class PendingRead(CancellationToken cancellationToken)
{
    public bool IsAbandoned => cancellationToken.IsCancellationRequested;

    public abstract void Fail(Exception fault);
}
