
namespace Lockstep.Storage.PostgreSql.Reads;

/// <summary>A read that is put together with those of other buckets.</summary>
internal abstract class PendingRead
{
    public abstract void Fail(Exception fault);
}
