import { Copy, Pencil } from 'lucide-react'
import { useState } from 'react'
import type { Product } from '../../../../src/api.gen.ts'
import { useAddresses, useParam } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { useRead } from '../../api/use-read.ts'
import { EVENTS_OF } from '../../packages/events.ts'
import { useShortcuts } from '../../shell/keys.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Columns, Facts, IdBeside, LinkTo, Page, Section, Stack } from '../../ui/page.tsx'
import { Empty, IfPermitted, Loaded } from '../../ui/states.tsx'
import { Name, None, Time } from '../../ui/text.tsx'
import { ArchiveProduct } from './archive-product.tsx'
import { DuplicateProduct } from './duplicate-product.tsx'
import { EditProduct } from './edit-product.tsx'
import { EditSettings } from './edit-settings.tsx'
import { Packages } from './packages.tsx'
import { CANCELLATION_WORDS, END_WORDS, RESET_WORDS, START_WORDS, TEXTS } from './texts.ts'

export function View() {
  const id = useParam('product')
  // Data of another product does not stay while this one is read.
  return <ProductPage key={id} id={id} />
}

function ProductPage({ id }: { id: string }) {
  const addresses = useAddresses()
  const mayRead = useSession().whyNot('v1.products.listProducts') === null
  const reading = useRead('v1.products.listProducts', { query: { id } }, { isOn: mayRead })
  const product = reading.data?.data[0]
  return (
    <Page
      title={product?.displayName || id}
      beside={<IdBeside id={id} isArchived={product?.status === 'ARCHIVED'} />}
      actions={
        <LinkButton to={addresses.historyOf(id, { types: EVENTS_OF.product })}>History</LinkButton>
      }
    >
      <IfPermitted id="v1.products.listProducts">
        <Loaded reading={reading}>
          {({ data: [found], etag }) =>
            found === undefined ? (
              <Empty title={TEXTS.unknown(id)}>
                <LinkButton to={addresses.products}>All products</LinkButton>
              </Empty>
            ) : (
              <Columns>
                <Packages product={found} />
                <Details product={found} etag={etag} />
              </Columns>
            )
          }
        </Loaded>
      </IfPermitted>
    </Page>
  )
}

function Details({ product, etag }: { product: Product; etag: string | undefined }) {
  const [open, setOpen] = useState<'product' | 'settings' | 'copy' | null>(null)
  const close = () => setOpen(null)
  const { whyNot } = useSession()
  const archived = product.status === 'ARCHIVED' ? TEXTS.archived : null
  const reason = archived ?? whyNot('v1.products.updateProduct')
  const mayNotCopy = archived ?? whyNot('v1.products.duplicateProduct')
  useShortcuts([
    { keys: 'e', label: 'Edit the product', run: () => reason === null && setOpen('product') },
  ])
  return (
    <Stack>
      <Section
        title="Product"
        actions={
          <>
            <Button size="small" icon={Pencil} reason={reason} onClick={() => setOpen('product')}>
              Edit
            </Button>
            <Button size="small" icon={Copy} reason={mayNotCopy} onClick={() => setOpen('copy')}>
              Duplicate
            </Button>
            <ArchiveProduct product={product} etag={etag} />
          </>
        }
      >
        <ProductFacts product={product} />
      </Section>
      <Section
        title="Subscriptions"
        actions={
          <Button size="small" icon={Pencil} reason={reason} onClick={() => setOpen('settings')}>
            Edit settings
          </Button>
        }
      >
        <SettingsFacts product={product} />
      </Section>
      {open === 'product' && <EditProduct product={product} etag={etag} onClose={close} />}
      {open === 'settings' && <EditSettings product={product} etag={etag} onClose={close} />}
      {open === 'copy' && <DuplicateProduct product={product} onClose={close} />}
    </Stack>
  )
}

function ProductFacts({ product }: { product: Product }) {
  const labels = Object.entries(product.metadata)
  return (
    <>
      <Facts
        rows={[
          ['Description', product.description ?? <None />],
          ['Created', <Time key="created" at={product.createdAt} />],
          ['Changed', <Time key="changed" at={product.updatedAt} />],
        ]}
      />
      {labels.length > 0 && (
        <>
          <h2>Metadata</h2>
          <Facts rows={labels} />
        </>
      )}
    </>
  )
}

function SettingsFacts({ product }: { product: Product }) {
  const settings = product.productSettings
  const { prorateAtEndOfBillingPeriod: prorates } = settings
  return (
    <Facts
      rows={[
        ['Several at once', product.multipleSubscriptions ? 'yes' : 'no'],
        [
          'Begin with',
          <PlanWords
            key="start"
            words={START_WORDS[settings.subscriptionStartSetup]}
            planId={settings.subscriptionStartPlanId}
          />,
        ],
        [
          'After the end',
          <PlanWords
            key="end"
            words={END_WORDS[settings.subscriptionEndSetup]}
            planId={settings.downgradePlanId}
          />,
        ],
        ['Canceled', CANCELLATION_WORDS[settings.subscriptionCancellationTime]],
        ['Prorated at the end', prorates === null ? 'not said' : prorates ? 'yes' : 'no'],
        ['Usage starts again', RESET_WORDS[product.usageResetCutoffRule.behavior]],
      ]}
    />
  )
}

function PlanWords({ words, planId }: { words: string; planId: string | null }) {
  const addresses = useAddresses()
  return (
    <>
      {words}{' '}
      {planId !== null && (
        <LinkTo address={addresses.plan(planId)}>
          <Name name={planId} id={planId} />
        </LinkTo>
      )}
    </>
  )
}
