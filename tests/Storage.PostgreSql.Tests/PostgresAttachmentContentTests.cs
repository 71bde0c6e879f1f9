using Lockstep.Core.Attachments;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Attachments;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresAttachmentContentTests(TestDatabase database) : AttachmentContentContract, IClassFixture<TestDatabase>
{
    protected override IAttachmentContent Content => new PostgresAttachmentStore(database.Database);

    protected override IAttachmentStore Files => new PostgresAttachmentStore(database.Database);

    /// <summary>What comes late, from an upload that was given up, would lie there for ever.</summary>
    [Fact]
    public async Task Piece_OfAFileThatIsNotThere_IsRefused() =>
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await Content.AppendAsync("none", 0, new byte[] { 1 }, default));
}
